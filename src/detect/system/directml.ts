import type { Evidence } from '../../core/machine/machine.js';
import type { Host } from '../../host/host.js';

/**
 * DirectML where it can be: in Windows itself from build 18362, in WSL through the driver of the Windows around it. It
 * runs wherever DirectX 12 does; which of its levels a GPU has is not asked, so this is a conclusion.
 */
export function directMlOf(host: Host): { readonly directml?: Evidence } {
  if (host.platform === 'win32') {
    const build = Number(host.release.split('.')[2] ?? 0);
    return build >= 18362 ? inferred(`Windows build ${build}`) : {};
  }
  const library = '/usr/lib/wsl/lib/libd3d12.so';
  return host.exists('/dev/dxg') && host.exists(library) ? inferred(`/dev/dxg and ${library}`) : {};
}

function inferred(source: string): { readonly directml: Evidence } {
  return { directml: { confidence: 'inferred', source } };
}
