import rows from './model-names.json' with { type: 'json' };

/** What the name of an AMD GPU says of its chip, for systems that do not tell the instruction set. */
export interface AmdModel {
  /** The chip, or the least of the chips that are sold under this name. */
  readonly gfx?: string;
  /** It sits in a processor and shares the machine's RAM. */
  readonly integrated: boolean;
}

/** By its row of `data/amd-model-names.json`; undefined for a name that is not listed. */
export function amdModelByName(name: string): AmdModel | undefined {
  const plain = name
    .replace(/\((TM|R)\)|[®™]/gi, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return rows.find(({ pattern }) => new RegExp(pattern, 'i').test(plain));
}
