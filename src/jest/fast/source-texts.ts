import fs from 'node:fs';

/** Text of a file as it was when it was read. */
interface SourceText {
  text: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** Changes with the content and with everything that is known of the file, its times included. */
  readonly changedMs: number;
  readonly inode: number;
  /** When the file was last found like this, by `performance.now()`. */
  seenMs: number;
}

/** Characters of text that are remembered in a process, 32 MiB; what was used longest ago is forgotten first. */
const maxRememberedLength = 32 * 2 ** 20;

/** File systems keep times in steps of up to two seconds: a file changed again within them may look unchanged. */
const coarsestTimeMs = 2000;

/** How long files of Jest itself are taken to be as they were seen: a small suite loads a hundred of them. */
const ownFilesMs = 1000;

const texts = new Map<string, SourceText>();
let rememberedLength = 0;

/** Tests may replace it. */
const { statSync } = fs;

/**
 * Lets a file's text be a part of a longer text that is kept anyway: V8 then holds its characters once.
 * @param part Such a part.
 */
export function keepAsPart(path: string, part: string): void {
  const known = texts.get(path);
  if (known?.text === part) known.text = part;
}

/**
 * Jest reads every module again for every suite. This makes a suite's own cache, of texts by path, ask here for what it does
 * not hold, and tell what it has read: a text serves the next suites while size, times and inode of the file stay the same.
 * @param isJestsOwn Whether a module of Jest itself is asked for.
 */
export function fillFromEarlierSuites(cache: Map<string, string>, isJestsOwn: () => boolean): void {
  const get = cache.get.bind(cache);
  const set = cache.set.bind(cache);
  const looked = new Map<string, fs.Stats>();
  cache.get = (path) => {
    const own = get(path);
    if (own !== undefined) return own;
    if (isJestsOwn()) {
      const recent = justSeen(path);
      if (recent !== undefined) {
        set(path, recent);
        return recent;
      }
    }
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    const text = remembered(path, stats);
    if (text === undefined) looked.set(path, stats);
    else set(path, text);
    return text;
  };
  cache.set = (path, text) => {
    const stats = looked.get(path);
    if (stats !== undefined && looked.delete(path)) remember(path, text, stats);
    return set(path, text);
  };
}

function justSeen(path: string): string | undefined {
  const known = texts.get(path);
  return known !== undefined && performance.now() - known.seenMs < ownFilesMs ? known.text : undefined;
}

function remembered(path: string, { size, mtimeMs, ctimeMs, ino }: fs.Stats): string | undefined {
  const earlier = texts.get(path);
  if (earlier === undefined) return undefined;
  const isUnchanged =
    earlier.size === size &&
    earlier.modifiedMs === mtimeMs &&
    earlier.changedMs === ctimeMs &&
    earlier.inode === ino;
  texts.delete(path);
  earlier.seenMs = performance.now();
  if (isUnchanged) texts.set(path, earlier);
  else rememberedLength -= earlier.text.length;
  return isUnchanged ? earlier.text : undefined;
}

function remember(path: string, text: string, { size, mtimeMs, ctimeMs, ino }: fs.Stats): void {
  if (Date.now() - Math.max(mtimeMs, ctimeMs) < coarsestTimeMs || texts.has(path)) return;
  texts.set(path, {
    text,
    size,
    modifiedMs: mtimeMs,
    changedMs: ctimeMs,
    inode: ino,
    seenMs: performance.now(),
  });
  rememberedLength += text.length;
  for (const [oldest, { text }] of texts) {
    if (rememberedLength <= maxRememberedLength) break;
    texts.delete(oldest);
    rememberedLength -= text.length;
  }
}
