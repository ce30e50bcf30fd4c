/**
 * What the far shell runs. It must be one line without single quotes, backslashes and exclamation marks: any login shell
 * (csh and fish, too) hands it to `sh` in single quotes then.
 */

/** Begins each line by which the far side says how far it is. A shell's banners and messages come before it. */
export const mark = '@jest-runner-hardware';

/**
 * Finds Node.js, as a shell that is not interactive has no version manager on its PATH, and starts the program of `$2`
 * with the arguments that follow. `$1`: the path of Node.js, or nothing. A Node.js that is too old counts as none, so that
 * a distribution's does not hide the user's; what was found is told.
 */
const findNode = [
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  'a=$1; p=$2; shift 2; n=; f=; case $a in "~/"*) a=$HOME/${a#??};; esac',
  // Takes a path as `n` if it is new enough, else as `f`. Before 20.19 the worker does not run.
  'take() { if [ -x "$1" ]; then case $("$1" --version 2>/dev/null) in v20.[0-9].*|v20.1[0-8].*) f=$1;; v[2-9][0-9].*) n=$1; return 0;; *) f=$1;; esac; fi; return 1; }',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  'take "$(command -v "${a:-node}")"',
  'if [ -z "$n$a" ]; then for c in ~/.volta/bin/node ~/.local/share/mise/shims/node ~/.asdf/shims/node ~/.local/share/fnm/aliases/default/bin/node ~/.nvm/versions/node/*/bin/node /usr/local/bin/node /opt/homebrew/bin/node /snap/bin/node; do take "$c"; done; fi',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own
  'if [ -z "$n$a" ]; then take "$("${SHELL:-sh}" -lc "command -v node" </dev/null 2>/dev/null | tail -n 1)"; fi',
  `if [ -z "$n" ]; then echo; if [ -z "$f" ]; then echo "${mark} no-node $a"; else echo "${mark} old-node $("$f" --version 2>/dev/null | tail -n 1) $f"; fi; exit 127; fi`,
  'exec "$n" -e "$p" -- "$@"',
].join('; ');

/**
 * Says whether the worker's program lies in the folder already, takes it from standard input if not, and runs it. Reading is
 * synchronous, so that what follows the program stays in the pipe for it.
 * Arguments: the folder, the program's hash, its compressed size in bytes, and what the program gets.
 */
const loadProgram = [
  'const fs = require("fs"), path = require("path"), [directory, hash, size, ...rest] = process.argv.slice(1)',
  `const say = (text) => fs.writeSync(1, String.fromCharCode(10) + "${mark} " + text + String.fromCharCode(10))`,
  'const root = path.resolve(directory.replace(/^~(?=[/]|$)/, require("os").homedir()))',
  'const file = path.join(root, "worker-" + hash + ".cjs"), has = fs.existsSync(file)',
  'say("program " + (has ? "has" : "needs"))',
  'if (has === false) try { const packed = Buffer.alloc(Number(size)); for (let at = 0; at < packed.length; ) { const count = fs.readSync(0, packed, at, packed.length - at); if (count === 0) process.exit(1); at += count } fs.mkdirSync(root, { recursive: true, mode: 448 }); const draft = file + "." + process.pid; fs.writeFileSync(draft, require("zlib").gunzipSync(packed), { mode: 384 }); fs.renameSync(draft, file) } catch (error) { say("failed " + error.message); process.exit(1) }',
  'process.argv = [process.argv[0], file, "--root", root, ...rest]',
  'require(file)',
].join('; ');

/** The command for `ssh`. @param words Hash and size of the program, and its own arguments; none may hold a single quote. */
export function startCommand(node: string | undefined, directory: string, words: readonly string[]): string {
  const args = [findNode, 'sh', node ?? '', loadProgram, directory, ...words];
  return `exec sh -c ${args.map(quoted).join(' ')}`;
}

/** In single quotes, which every shell takes as they stand. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
