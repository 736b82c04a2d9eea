/** Trouble of `solod share install` and `solod share uninstall`. */

import type { Cause } from '../../../ports/readings.js';
import { coded } from '../../texts/complaint.js';

export const SHARE_TROUBLE = /* @__PURE__ */ coded('share-', {
  keptChanging: (file: string) => ({
    what: `${file} changes all the time`,
    todo: 'try again when nobody writes to it',
  }),
  notRead: (file: string, cause: Cause) => ({
    what: `${file} can't be read: ${cause.message}`,
    todo: 'fix that, then try again',
  }),
  notWritten: (file: string, cause: Cause) => ({
    what: `${file} can't be written: ${cause.message}`,
    todo: 'fix that, then try again',
  }),
  notJson: (file: string, line: number) => ({
    what: `line ${line} of ${file} is not JSON, and nothing was changed`,
    todo: 'fix it first',
  }),
});
