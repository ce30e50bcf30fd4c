/** One device as `vulkaninfo --summary` prints it. */
export interface VulkanDevice {
  readonly name: string;
  /** PCI vendor id, or Khronos' number for drivers without hardware. */
  readonly vendorId: number;
  /** `DISCRETE_GPU`, `INTEGRATED_GPU`, `VIRTUAL_GPU`, `CPU`, `OTHER`. */
  readonly type: string;
}

/** The devices, or undefined when the text has no list of them. */
export function parseVulkaninfo(text: string): readonly VulkanDevice[] | undefined {
  const [, list] = text.split(/^Devices:\s*$/m);
  if (list === undefined) return undefined;
  return list.split(/^GPU\d+:\s*$/m).flatMap((part) => {
    const value = (key: string) => new RegExp(`^\\s+${key}\\s*= (.+?)\\s*$`, 'm').exec(part)?.[1];
    const name = value('deviceName');
    const type = /^PHYSICAL_DEVICE_TYPE_(\w+)/.exec(value('deviceType') ?? '')?.[1];
    const vendorId = Number(value('vendorID'));
    return name === undefined || type === undefined || !(vendorId > 0) ? [] : [{ name, vendorId, type }];
  });
}
