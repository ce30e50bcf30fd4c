/**
 * The code and the style of the page, which run in a browser: `client/main.ts` with all that it imports, and
 * `client/style.css`. scripts/bundle-client.cjs makes texts of them, in the build and in tests.
 */
declare const bundledClient: { readonly script: string; readonly style: string };

export const { script: clientScript, style: clientStyle } = bundledClient;
