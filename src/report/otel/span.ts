/** A span of OpenTelemetry, as far as a run has any. Times are ms since 1970, UTC. */
export interface Span {
  readonly name: string;
  /** 32 hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all 0. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** True where another process made the parent. */
  readonly isParentRemote?: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Why it failed, in one line; left out: it did not. */
  readonly error?: string;
  readonly events: readonly SpanEvent[];
  /** Ids of earlier attempts of the suite, in the same trace. */
  readonly links: readonly { readonly spanId: string; readonly attributes: Attributes }[];
}

export interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
  readonly attributes: Attributes;
}

export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Attributes without those that are undefined. */
export function attributesOf(values: Readonly<Record<string, Attributes[string] | undefined>>): Attributes {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, Attributes[string]] => entry[1] !== undefined),
  );
}
