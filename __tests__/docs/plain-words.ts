/** Words of scheduling theory and statistics, with what a user reads instead. The glossary has both. */
const readInstead: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\bmakespans?\b/gi, 'total time'],
  [/\blower bound\b|\b[÷/] bound\b/gi, 'best possible'],
  [/\bspread \d/gi, '± 30 %'],
  [/\b(?:own|other)-device\b/gi, 'measured on this device'],
  [/\bon[- ]line\b/gi, 'as suites end'],
  [/\bp(?:50|95)\b|\b(?:percentile|quantile)s?\b/gi, 'half of the suites, 95 % of the suites'],
  [/\bsigma of\b|\bstandard deviation\b|\blog-?normal\b/gi, '± 30 %'],
  [/\bstragglers?\b|\bspeculative\w*\b/gi, 'second attempt'],
  [/\bbackfill\w*\b/gi, 'smaller suites run meanwhile'],
  [/\b(?:Lagrang\w+|dual (?:prices?|ascent)|reduced costs?|relaxation)\b/gi, 'best possible'],
  [/\b(?:LPT|tabu|list scheduling|greedy|heuristics?|NP-hard)\b/gi, 'the plan'],
  [/\b(?:EWMA|winsori[sz]\w+|shrinkage|mean reversion|residual life)\b/gi, 'the mean'],
];

/**
 * The words in a text that users should not have to know.
 * @returns One clause each; empty for a plain text.
 */
export function schedulersWords(text: string): readonly string[] {
  return readInstead.flatMap(([word, instead]) =>
    (text.match(word) ?? []).map((found) => `"${found}", where a user reads "${instead}"`),
  );
}

/** A page as prose and printed text: keys and values of formats, which stay as they are, stand as code. */
export function proseOf(markdown: string): string {
  return markdown.replace(/^( *)```(?!text)\w+[^\n]*\n.*?^ *```$/gms, '').replace(/(?<!`)`[^`]+`(?!`)/g, '');
}
