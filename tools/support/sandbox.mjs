/**
 * A temporary directory and every process that has to do with it: all of them end when the sandbox is
 * disposed of.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { endProcessesOf } from './processes.mjs';

export class Sandbox {
  /** The temporary directory. */
  scratch;

  /** @param {string} name of the tool */
  constructor(name) {
    // Without links, so that a process can be found by the path that the kernel knows.
    this.scratch = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), `solod-${name}-`));
  }

  /** @param {string} name @returns {string} the path of a directory, which exists from then on */
  folder(name) {
    const folder = path.join(this.scratch, name);
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** @param {string} name @param {string | Buffer} content @returns {string} the path of the file */
  write(name, content) {
    const file = path.join(this.scratch, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    return file;
  }

  /** Ends every process that has to do with it, whichever process started it. */
  endProcesses() {
    endProcessesOf(this.scratch);
  }

  dispose() {
    this.endProcesses();
    fs.rmSync(this.scratch, { recursive: true, force: true });
  }
}
