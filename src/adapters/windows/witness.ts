import type { Witness } from '../../ports/witness.js';
import { HeldFiles, type LockFlags } from '../node/files/held-files.js';

/** libuv include/uv/win.h: UV_FS_O_EXLOCK is share mode 0. A look shares the file with everybody. */
const WINDOWS: LockFlags = { hold: 0x10000000, look: 0, heldCode: 'EBUSY' };

export const windowsWitness = (): Witness => new HeldFiles(WINDOWS);
