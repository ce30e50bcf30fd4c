import type { Theme } from '../../../drawing/palette.js';

/** The colours that the page has now, in light or in dark. */
export function themeOf(host: Element): Theme {
  const style = getComputedStyle(host);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim() || style.color;
  return {
    text: color('text'),
    muted: color('muted'),
    line: color('line'),
    lane: color('lane'),
    accent: color('accent'),
    font: `12px ${style.fontFamily}`,
    color,
  };
}
