/**
 * The largest size that is believed of one device: 16 TiB. Drivers that do not know a size have told 2⁶⁴ − 1 and numbers of
 * 28 digits; the largest real devices have a few hundred GiB.
 */
const largestBytes = 2 ** 44;

/** A count of bytes as the kernel writes it, decimal or `0x…`; undefined when missing, not above 0 or not to be believed. */
export function parseByteCount(text: string | undefined): number | undefined {
  const written = text?.trim() ?? '';
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(written)) return undefined;
  const bytes = Number(written);
  return bytes > 0 && bytes <= largestBytes ? bytes : undefined;
}
