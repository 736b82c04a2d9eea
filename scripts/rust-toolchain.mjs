// Whether there is a Rust toolchain that works. One can be on the PATH and broken: rustup without a default
// toolchain.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

const native = path.resolve(import.meta.dirname, '..', 'native');

/**
 * @param {'cargo' | 'rustc'} tool asked for its version where the crate is, because rustup goes by the
 * directory
 * @returns {boolean}
 */
const answers = (tool) =>
  spawnSync(tool, ['--version'], { cwd: native, stdio: 'ignore', timeout: 30_000 }).status === 0;

/** @returns {boolean} whether single files can be compiled */
export const hasRustc = () => answers('rustc');

/** @returns {boolean} whether the native client can be built */
export const hasCargo = () => answers('cargo') && hasRustc();

/**
 * The processors of the native client, by Node's names.
 * @type {Readonly<Record<string, { readonly triple: string, readonly linker: string }>>}
 */
const TARGETS = {
  x64: { triple: 'x86_64-unknown-linux-gnu', linker: 'x86_64-linux-gnu-gcc' },
  arm64: { triple: 'aarch64-unknown-linux-gnu', linker: 'aarch64-linux-gnu-gcc' },
};

export const PROCESSORS = Object.keys(TARGETS);

/** rustup's, and the distribution's, whose standard libraries for other processors are packages. */
const TOOLCHAINS = [
  { cargo: 'cargo', rustc: 'rustc' },
  { cargo: '/usr/bin/cargo', rustc: '/usr/bin/rustc' },
];

/** @param {string} rustc @param {string} triple */
function hasLibrary(rustc, triple) {
  const asked = ['--print', 'target-libdir', '--target', triple];
  const { status, stdout } = spawnSync(rustc, asked, { cwd: native, encoding: 'utf8', timeout: 30_000 });
  if (status !== 0) return false;
  try {
    return readdirSync(stdout.trim()).some((file) => /^libstd-.*\.rlib$/.test(file));
  } catch {
    return false;
  }
}

/**
 * @typedef {object} CrossToolchain
 * @property {string} cargo
 * @property {string} triple
 * @property {Record<string, string>} env which compiler and which linker
 */

/**
 * @param {string} processor another one than this machine's
 * @returns {CrossToolchain | undefined} what builds for it: needs its standard library and a linker
 */
export function crossToolchain(processor) {
  const target = TARGETS[processor];
  if (target === undefined) return undefined;
  const { triple, linker } = target;
  if (spawnSync(linker, ['--version'], { stdio: 'ignore', timeout: 30_000 }).status !== 0) return undefined;
  const found = TOOLCHAINS.find(({ rustc }) => hasLibrary(rustc, triple));
  if (found === undefined) return undefined;
  const setting = `CARGO_TARGET_${triple.toUpperCase().replaceAll('-', '_')}_LINKER`;
  return { cargo: found.cargo, triple, env: { RUSTC: found.rustc, [setting]: linker } };
}
