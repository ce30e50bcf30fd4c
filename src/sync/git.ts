import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { onProcessEnd } from '../host/process-end.js';
import { killTree } from '../host/run-tool.js';

export interface GitCall {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** What git reads from its standard input; default: nothing. */
  readonly input?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GitOutcome {
  /** Undefined: ended by a signal. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs git, and never fails for what git answers.
 * @throws UsageError when there is no git; the reason of the signal when it is aborted (git is killed then).
 */
export function tryGit(args: readonly string[], { cwd, env, input, signal }: GitCall): Promise<GitOutcome> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    // An own process group, because git's children (ssh) outlive it when it is killed.
    const ownGroup = process.platform !== 'win32';
    const child = spawn('git', args, { cwd, env, stdio: 'pipe', detached: ownGroup, windowsHide: true });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const kill = () => killTree(child.pid, ownGroup);
    const abort = () => {
      kill();
      end();
      reject(signal?.reason as Error);
    };
    const end = () => {
      signal?.removeEventListener('abort', abort);
      unwatch();
    };
    signal?.addEventListener('abort', abort, { once: true });
    const unwatch = whenProcessEnds(kill);
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (error: NodeJS.ErrnoException) => {
      end();
      const noGit = error.code === 'ENOENT' && existsSync(cwd);
      reject(noGit ? missingGit(error) : error);
    });
    child.on('close', (code) => {
      end();
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
      resolve({ code: code ?? undefined, stdout: text(stdout), stderr: text(stderr) });
    });
    // Git may end without reading all of it; its answer says why.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

const running = new Set<() => void>();
let endWatch = () => {};

/** One listener for all commands, as Node warns of more than ten. */
function whenProcessEnds(kill: () => void): () => void {
  if (running.size === 0) {
    endWatch = onProcessEnd(() => {
      for (const each of running) each();
    });
  }
  running.add(kill);
  return () => {
    running.delete(kill);
    if (running.size === 0) endWatch();
  };
}

/** Runs git and returns what it printed. @throws GitError when git fails; see also {@link tryGit}. */
export async function git(args: readonly string[], call: GitCall): Promise<string> {
  const outcome = await tryGit(args, call);
  if (outcome.code !== 0) throw new GitError(args, outcome);
  return outcome.stdout;
}

/** A git command that failed. Callers turn what a user can mend into a UsageError. */
export class GitError extends Error {
  override readonly name = 'GitError';
  readonly stderr: string;

  constructor(args: readonly string[], { code, stderr }: GitOutcome) {
    const command = args.find((arg, index) => !arg.startsWith('-') && args[index - 1] !== '-c');
    super(`git ${command} failed (${code ?? 'killed'}): ${stderr.trim() || 'it printed no reason'}`);
    this.stderr = stderr;
  }
}

/** The parts of what git prints with `-z`. */
export function nulSeparated(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

/** The form in which git reads paths with `-z`. */
export function nulTerminated(parts: readonly string[]): string {
  return parts.map((part) => `${part}\0`).join('');
}

/**
 * The environment for the user's own repository: found by its folder, never by variables that a hook has set for another
 * one; nothing is prompted for, nothing is written, and nothing is fetched (a partial clone would).
 */
export function environmentOfUser(): NodeJS.ProcessEnv {
  return {
    ...withoutGitVariables(/^GIT_(CONFIG|CEILING_DIRECTORIES|DISCOVERY|EXEC_PATH|TRACE)/),
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
  };
}

/** The environment for other repositories, reached as the user reaches them: with their credentials and settings. */
export function environmentOfRemotes(): NodeJS.ProcessEnv {
  return {
    ...withoutGitVariables(/^GIT_(CONFIG|EXEC_PATH|TRACE|SSH|ASKPASS|SSL|PROXY)/),
    // Nobody can answer a question.
    GIT_SSH_COMMAND: process.env['GIT_SSH_COMMAND'] ?? 'ssh -o BatchMode=yes',
    GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
  };
}

/** The environment for repositories of our own: no setting of the user or the machine has an effect on them. */
export function environmentOfOurs(): NodeJS.ProcessEnv {
  return {
    ...withoutGitVariables(/^GIT_(EXEC_PATH|TRACE)/),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: process.platform === 'win32' ? 'NUL' : '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
  };
}

function withoutGitVariables(kept: RegExp): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_') || kept.test(name));
  return { ...Object.fromEntries(others), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' };
}

function missingGit(cause: Error): UsageError {
  return new UsageError(
    {
      message: 'git was not found; other machines get the working state by it',
      expected: 'git 2.31 or newer on the PATH',
      remedy: 'install git (`apt-get install git`, `brew install git`, https://git-scm.com)',
    },
    { cause },
  );
}
