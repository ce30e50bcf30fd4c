import type { Host } from '../../host/host.js';
import type { Obstacle } from '../findings/numbered-findings.js';

/**
 * What keeps this process from a device's node: it is missing, or the user may not open it. One rule for every device.
 * @param path Undefined where not even its name is known.
 * @param missing What to say of a node that is not there.
 */
export function nodeObstacle(host: Host, path: string | undefined, missing: Obstacle): Obstacle | undefined {
  if (path === undefined || !host.exists(path)) return missing;
  return host.mayOpen(path) ? undefined : closedNode(path);
}

/** A device's node that is there, but that this user may not open. */
export function closedNode(path: string): Obstacle {
  const groups = groupsByNode.find(([pattern]) => pattern.test(path))?.[1];
  return {
    message: `cannot compute: this user may not open ${path}`,
    remedy:
      groups === undefined
        ? `\`ls -l ${path}\` tells whose it is: add the user to that group, or let a udev rule open it`
        : `add the user to the ${groups} (\`ls -l\` of the node tells), and log in again`,
  };
}

/** The groups that distributions and the makers' packages give a node to. */
const groupsByNode: readonly (readonly [pattern: RegExp, groups: string])[] = [
  [/^\/dev\/(kfd$|dri\/)/, 'groups render and video'],
  [/^\/dev\/(accel\/|accel\d|rknpu)/, 'group render'],
  [/^\/dev\/apex_/, 'group apex'],
  [/^\/dev\/bus\/usb\//, 'group plugdev'],
  [/^\/dev\/(mali|kgsl|nvhost|nvmap|nvgpu)/, 'groups video and render'],
  [/^\/dev\/(davinci)/, 'group HwHiAiUser'],
  [/^\/dev\/(fastrpc|adsprpc|dma_heap)/, 'group fastrpc'],
];

/** Nodes of `/dev` that programs compute through, of whatever maker. */
export function computeNodesOf(host: Host): readonly string[] {
  const within = (folder: string, pattern: RegExp) =>
    host
      .readDirectory(folder)
      .filter((name) => pattern.test(name))
      .map((name) => `${folder}/${name}`);
  const plain = /^(kfd|mali\d+|kgsl-3d\d+|accel\d+|apex_\d+|hailo\d+|neuron\d+|davinci\d+|fastrpc-.+)$/;
  return [
    ...within('/dev', plain),
    ...within('/dev/dri', /^renderD\d+$/),
    ...within('/dev/accel', /^accel\d+$/),
  ];
}
