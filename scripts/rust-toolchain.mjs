// Whether there is a Rust toolchain that works. One can be on the PATH and broken: rustup without a default toolchain.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const native = path.resolve(import.meta.dirname, '..', 'native');

/**
 * @param {'cargo' | 'rustc'} tool asked for its version where the crate is, because rustup goes by the directory
 * @returns {boolean}
 */
const answers = (tool) =>
  spawnSync(tool, ['--version'], { cwd: native, stdio: 'ignore', timeout: 30_000 }).status === 0;

/** @returns {boolean} whether single files can be compiled */
export const hasRustc = () => answers('rustc');

/** @returns {boolean} whether the native client can be built */
export const hasCargo = () => answers('cargo') && hasRustc();
