/** What `solod explain <code>` prints of each code. `npm run pages` makes `docs/troubleshooting.md` of it. */

import type { FindingCode } from '../../domain/doctor/findings.js';
import { CALL_PAGES, type CallCode } from './call-pages.js';
import {
  COMMAND_PAGES,
  type CommandCode,
  INSTALL_PAGES,
  type InstallCode,
  USAGE_PAGES,
  type UsageCode,
} from './command-pages.js';
import { DOCTOR_PAGES } from './doctor-pages.js';
import type { ErrorPages } from './error-page.js';
import { MCP_PAGES, type McpCode } from './mcp-pages.js';
import { LINE_PAGES, type LineCode } from './status-line-pages.js';

export type ErrorCode = CallCode | CommandCode | InstallCode | UsageCode | LineCode | McpCode | FindingCode;

/** The groups of the codes, in the order of the page. */
export const ERROR_GROUPS = {
  'Calls and daemons': CALL_PAGES,
  'Other commands': COMMAND_PAGES,
  Installing: INSTALL_PAGES,
  'The command line': USAGE_PAGES,
  'The status line': LINE_PAGES,
  'Shared MCP servers': MCP_PAGES,
  'What doctor finds': DOCTOR_PAGES,
} as const;

export const ERROR_PAGES: ErrorPages<ErrorCode> = {
  ...CALL_PAGES,
  ...COMMAND_PAGES,
  ...INSTALL_PAGES,
  ...USAGE_PAGES,
  ...LINE_PAGES,
  ...MCP_PAGES,
  ...DOCTOR_PAGES,
};
