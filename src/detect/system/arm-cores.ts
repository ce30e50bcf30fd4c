import type { Vendor } from '../../core/vocabulary/taxonomy.js';
import table from './arm-cores.json' with { type: 'json' };

/** One row of the table: who designed the cores, and their names by `CPU part`. */
interface Implementer {
  readonly implementer: string;
  readonly vendor: Vendor;
  readonly parts: Readonly<Record<string, string>>;
}

const implementers = table as unknown as readonly Implementer[];

/** The designer by `CPU implementer`, such as `0x41`; undefined for one that is not listed. */
export function armVendor(implementer: string): Vendor | undefined {
  return rowOf(implementer)?.vendor;
}

/** The known names of the parts, each once: CPUs of the kind big.LITTLE have several. */
export function armCoreNames(implementer: string, parts: readonly string[]): readonly string[] {
  const names = rowOf(implementer)?.parts ?? {};
  return [...new Set(parts.flatMap((part) => names[part.toLowerCase()] ?? []))];
}

function rowOf(implementer: string): Implementer | undefined {
  return implementers.find((row) => row.implementer === implementer.toLowerCase());
}
