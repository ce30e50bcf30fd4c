/** What says nothing about which model it is: marks, clock rates, core counts that the name of the model implies. */
const decoration = [
  /\((?:R|TM|C)\)/gi,
  /[®™©]/g,
  /\s+(?:CPU\s+)?@\s*[\d.]+\s*GHz/gi,
  /\b\d+(?:st|nd|rd|th) Gen\s+/gi,
  /\s+(?:Dual|Triple|Quad|Six|Eight|Twelve|Sixteen|\d+)-Core(?=\s+Processor|$)/gi,
  /\s+with\s+Radeon\b.*$/i,
  /\s+(?:CPU|Processor)\b/gi,
];

/** A model as people call it: `Intel(R) Xeon(R) CPU @ 2.20GHz` → `Intel Xeon`. */
export function shortModelName(model: string): string {
  const short = decoration.reduce((name, pattern) => name.replace(pattern, ''), model);
  const shown = short.replace(/\s+/g, ' ').trim();
  return shown === '' ? model : shown;
}
