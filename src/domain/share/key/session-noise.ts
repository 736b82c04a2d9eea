/**
 * Variables that say which terminal or session a process was started in, and never what it may do. They keep
 * nobody apart, and no server gets them. Everything else does, credentials above all: two clients that differ
 * in it never share a process.
 */

/** A star at the end stands for any ending. docs/share.md has the same list; a test compares them. */
export const SESSION_NOISE: readonly string[] = [
  // The shell and where it stands.
  '_',
  'PWD',
  'OLDPWD',
  'SHLVL',
  // The terminal.
  'TERM',
  'TERM_*',
  'COLORTERM',
  'COLUMNS',
  'LINES',
  'LS_COLORS',
  'WINDOWID',
  'WINDOW',
  'STY',
  'TMUX*',
  'ZELLIJ*',
  'KITTY_*',
  'ALACRITTY_*',
  'WEZTERM_*',
  'GHOSTTY_*',
  'ITERM_*',
  'KONSOLE_*',
  'GNOME_TERMINAL_*',
  'VTE_VERSION',
  'WT_SESSION',
  'WT_PROFILE_ID',
  // The login. SSH_AUTH_SOCK is none of these: it leads to keys.
  'SSH_CLIENT',
  'SSH_CONNECTION',
  'SSH_TTY',
  'XDG_SESSION_*',
  'XDG_VTNR',
  'XDG_SEAT',
  'SECURITYSESSIONID',
  'INVOCATION_ID',
  'JOURNAL_STREAM',
  'SYSTEMD_EXEC_PID',
  'MANAGERPID',
  // The agent or editor.
  'CLAUDECODE',
  'CLAUDE_CODE_ENTRYPOINT',
  'CLAUDE_CODE_SESSION_ID',
  'CLAUDE_CODE_SSE_PORT',
  'CURSOR_TRACE_ID',
  'CODEX_SESSION_ID',
  'VSCODE_*',
  'ZED_*',
  // How a script was run by npm.
  'npm_command',
  'npm_execpath',
  'npm_node_execpath',
  'npm_lifecycle_*',
  'npm_package_*',
  // solod's own.
  'SOLOD',
  'SOLOD_*',
  'NAILGUN_*',
];

export function isSessionNoise(name: string): boolean {
  return SESSION_NOISE.some((noise) =>
    noise.endsWith('*') ? name.startsWith(noise.slice(0, -1)) : name === noise,
  );
}

/** What any program needs, whatever variables `--env` names. */
const BASIC_VARIABLES: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'TMPDIR',
  'TZ',
];
const BASIC_PREFIXES = ['LC_', 'XDG_'];

export const isBasic = (name: string): boolean =>
  BASIC_VARIABLES.includes(name) || BASIC_PREFIXES.some((prefix) => name.startsWith(prefix));
