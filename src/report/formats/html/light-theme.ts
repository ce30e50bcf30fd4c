import type { Theme } from '../../drawing/palette.js';
import { clientStyle } from './client-bundle.js';

/** The light colours of the page's style sheet, for pictures in files. */
export function lightTheme(): Theme & { readonly page: string } {
  const root = /:root\s*\{([^}]*)\}/.exec(clientStyle)?.[1] ?? '';
  const colors = new Map(
    [...root.matchAll(/--([\w-]+):\s*([^;]+)/g)].map(([, name, value]) => [name, value]),
  );
  const color = (name: string) => colors.get(name)?.trim() ?? '#000';
  return {
    page: color('page'),
    text: color('text'),
    muted: color('muted'),
    line: color('line'),
    lane: color('lane'),
    accent: color('accent'),
    font: '12px system-ui, sans-serif',
    color,
  };
}
