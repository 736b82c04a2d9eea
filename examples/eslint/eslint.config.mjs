export default [{ rules: { eqeqeq: 'error', 'no-debugger': 'error' } }];
