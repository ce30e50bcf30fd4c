/**
 * What is done with a Jest project: data alone, so that any side (stock Jest, this runner on this machine or on
 * others) can be asked to do the same. Paths are relative to the project, patterns are sources of regular expressions.
 */
export interface Scenario {
  readonly name: string;
  /** A folder of fixtures/projects. Default `bare`: a config and nothing else. */
  readonly fixture?: string;
  /** Files to add or replace. */
  readonly files?: Readonly<Record<string, string>>;
  /** Configuration keys laid over the fixture's. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Name of the project's folder, where it is the point. */
  readonly folder?: string;
  readonly steps: readonly Step[];
  /** Also runs in `npm test`: quick, and the mechanism has no other row there. */
  readonly sample?: true;
  /** A difference to stock Jest that is meant, and holds for this row alone. */
  readonly intended?: IntendedDifference;
  /** One more, where all suites run on another machine. */
  readonly far?: IntendedDifference;
}

/** One command, in the project as the steps before left it. */
export interface Step {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
  /** False: without `--json`, which stock Jest cannot write for circular values. */
  readonly json?: false;
  /** Files written before the command; null removes one. */
  readonly write?: Readonly<Record<string, string | null>>;
  /** Before the command, and before `write`: the project becomes a Git repository with everything committed. */
  readonly commit?: true;
  /** The command runs in a pseudo-terminal, with somebody at its keyboard. */
  readonly terminal?: readonly AtTerminal[];
  /** The order of suites is compared too: in band, without a history. */
  readonly ordered?: true;
  /** What stock Jest answers, as far as the row is about it: shows that the row reaches what it is for. */
  readonly reaches?: Reached;
}

export interface AtTerminal {
  /** What must have been shown since the last entry. */
  readonly shown: string;
  readonly type?: string;
  readonly write?: Readonly<Record<string, string | null>>;
}

export interface Reached {
  readonly exitCode?: number;
  /** Of the aggregated results: numbers and the like. */
  readonly results?: Readonly<Record<string, unknown>>;
  readonly stdout?: string;
  readonly stderr?: string;
  /** Files that the command wrote or changed, among others. */
  readonly files?: readonly string[];
  readonly workers?: Readonly<Partial<Workers>>;
}

/** Where suites ran, as far as the fixture's `log.cjs` tells. */
export interface Workers {
  readonly processes: number;
  readonly ids: readonly string[];
  readonly threads: boolean;
  readonly inJestItself: boolean;
}

export interface IntendedDifference {
  readonly why: string;
  /** Paths of differences (as the comparison prints them) that begin like this are not counted. */
  readonly paths: readonly string[];
}

/** Everything seen of one step that must not depend on who ran the suites. */
export interface Observation {
  readonly exitCode: number | null;
  readonly signal: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: compared as a whole, the types are Jest's business
  readonly [part: string]: any;
}

/** Who runs scenarios. A new executor is one more of these. */
export interface Side {
  readonly name: string;
  run(scenario: Scenario): Promise<readonly Observation[]>;
}
