/** What a client says of itself in the environment of a request. No service gets to see it. */
export const CLIENT_VARIABLES = /^NAILGUN_(?:FILESEPARATOR|PATHSEPARATOR|TTY_[012]|UMASK)$/;
