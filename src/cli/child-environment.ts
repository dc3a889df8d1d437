/** The environment of a command that `run` starts. */
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';

/**
 * Names by which a value becomes a program: loaders, interpreters and shells read code, or where to find code,
 * from them. Who may write a value must not be able to run code wherever that value is used.
 */
const dangerousNames = new Set(
  `
  PATH ENV BASH_ENV IFS PS4 SHELLOPTS BASHOPTS PROMPT_COMMAND CDPATH GLOBIGNORE FPATH ZDOTDIR NODE_OPTIONS
  NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED NODE_REPL_EXTERNAL_MODULE PYTHONSTARTUP PYTHONPATH
  PYTHONHOME PYTHONINSPECT PYTHONUSERBASE PYTHONWARNINGS PYTHONBREAKPOINT PERL5LIB PERL5OPT PERLLIB PERL5DB
  RUBYLIB RUBYOPT PHPRC PHP_INI_SCAN_DIR LUA_INIT LUA_PATH LUA_CPATH JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS
  _JAVA_OPTIONS CLASSPATH ERL_FLAGS ERL_AFLAGS ERL_ZFLAGS ERL_LIBS ELIXIR_ERL_OPTIONS GCONV_PATH LOCPATH
  NLSPATH HOSTALIASES RESOLV_HOST_CONF GLIBC_TUNABLES MALLOC_CHECK_ TERMINFO TERMINFO_DIRS TERMCAP GIT_SSH
  GIT_SSH_COMMAND GIT_EXTERNAL_DIFF GIT_PAGER GIT_EDITOR GIT_EXEC_PATH GIT_ASKPASS GIT_PROXY_COMMAND
  GIT_TEMPLATE_DIR SSH_ASKPASS EDITOR VISUAL PAGER LESSOPEN LESSCLOSE BROWSER SHELL MAKEFLAGS OPENSSL_CONF
  OPENSSL_MODULES OPENSSL_ENGINES SSLKEYLOGFILE RUSTC_WRAPPER RUSTFLAGS GOFLAGS CARGO_HOME DOTNET_STARTUP_HOOKS
  CORECLR_PROFILER_PATH NODE_COMPILE_CACHE BUN_OPTIONS YARN_YARN_PATH YARN_PLUGINS YARN_RC_FILENAME PYTHONPYCACHEPREFIX
  PYTHONEXECUTABLE JDK_JAVAC_OPTIONS MAVEN_OPTS GRADLE_OPTS MAKEFILES GNUMAKEFLAGS MFLAGS RUSTC RUSTC_WORKSPACE_WRAPPER
  CARGO_BUILD_RUSTC_WRAPPER GIT_SEQUENCE_EDITOR TAR_OPTIONS RSYNC_RSH SVN_SSH CVS_RSH MANPAGER SYSTEMD_PAGER LESS
  LESSKEY LESSKEYIN LESSKEY_CONTENT VIMINIT EXINIT PS0 PS1 PS2 BASH_LOADABLES_PATH INPUTRC SUDO_ASKPASS
`
    .trim()
    .split(/\s+/),
);
const dangerousPrefixes = ['LD_', 'DYLD_', 'GIT_CONFIG', 'BASH_FUNC_', 'PLUMB_'];
/** In any case, as npm itself takes it. */
const ofNpm = /^npm_config_/i;

/** Says whether a name is refused unless it is allowed on the command line. */
export function isDangerousName(name: string): boolean {
  return dangerousNames.has(name) || ofNpm.test(name) || dangerousPrefixes.some((prefix) => name.startsWith(prefix));
}

/** The credentials of the command line itself: not the child's business. */
const ownNames: ReadonlySet<string> = new Set(['PLUMB_TOKEN']);

/**
 * The user's own environment without our credentials, and over it the values by name. Throws `invalid` with a
 * diagnostic for each name or value that cannot or may not stand in it; nothing is ever left out in silence.
 */
export function childEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  values: Iterable<readonly [name: string, value: string]>,
  allowed: readonly string[],
): Record<string, string> {
  const environment = new Map<string, string>();
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && !ownNames.has(name)) environment.set(name, value);
  }
  const diagnostics: Diagnostic[] = [];
  for (const [name, value] of values) {
    const problem = problemOf(name, value, allowed);
    if (problem === undefined) environment.set(name, value);
    else diagnostics.push({ subject: name, message: problem });
  }
  if (diagnostics.length > 0) {
    throw new PlumbError('invalid', 'not every name can be given to the command', {
      diagnostics,
      hint: '--allow-name NAME allows a name that other programs take orders from',
    });
  }
  return Object.fromEntries(environment);
}

function problemOf(name: string, value: string, allowed: readonly string[]): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'is not the name of an environment variable';
  if (value.includes('\0')) return 'has a NUL character, which no environment variable can hold';
  if (isDangerousName(name) && !allowed.includes(name))
    return 'makes programs run code or trust a place; allow it by name if that is meant';
  return undefined;
}
