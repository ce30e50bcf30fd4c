/**
 * A hash of a text: FNV-1a (Fowler, Noll, Vo) over the two bytes of each UTF-16 unit, then the finaliser `fmix32` of MurmurHash3
 * (Appleby), which spreads close values. Integer arithmetic alone, so that every engine gives the same. Not for secrets.
 * @returns An integer in [0, 2³²).
 */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
