/** Where things are in a checkout. */
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..', '..');
/** The built command. */
export const SOLOD = path.join(ROOT, 'dist', 'solod.cjs');
/** The command as it is installed: the native client where that is there, else Node. */
export const FRONT_DOOR = path.join(ROOT, 'bin', 'solod');
/** The native client; missing where there is no Rust toolchain. */
export const NATIVE_CLIENT = path.join(ROOT, 'native', 'target', 'release', 'solod-client');
export const BENCH = path.join(ROOT, 'tools', 'bench');
/** The package of what solod is compared with; its dependencies are installed on demand. */
export const PEERS = path.join(BENCH, 'peers');
export const PEER_PACKAGES = path.join(PEERS, 'node_modules');
/** Where `bench` and `rivals` write their results. */
export const RESULTS = path.join(BENCH, 'results');
