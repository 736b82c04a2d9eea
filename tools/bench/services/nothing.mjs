// The service that does nothing: what is left is the way there and back.
export default () => 0;
