/** A display adapter or compute accelerator as Windows lists it. */
export interface WindowsDevice {
  readonly name: string;
  /** `PCI\VEN_10DE&DEV_2204&…`, `ROOT\BASICDISPLAY\0000`. */
  readonly pnpId: string;
  /** 0: works; else the Device Manager's code. */
  readonly errorCode: number;
  readonly memory?: { readonly bytes: number; readonly source: string };
  /** What the registry says of its driver; absent where it says nothing. */
  readonly driver?: WindowsDriver;
}

interface WindowsDriver {
  /** The kernel's service: `nvlddmkm`, `BasicDisplay`. */
  readonly service?: string;
  /** `oem42.inf`, of Windows' own drivers `display.inf`. */
  readonly inf?: string;
  readonly provider?: string;
  /** What the driver's INF matched: a device's id, or that of a whole class such as `PCI\CC_0300`. */
  readonly match?: string;
  readonly version?: string;
}

export interface WindowsDevices {
  readonly gpus: readonly WindowsDevice[];
  readonly npus: readonly WindowsDevice[];
}

/**
 * Prints both lists as JSON. In single quotes throughout, because double ones do not survive Windows' command line.
 * The driver's registry key knows the memory in 64 bits; Win32_VideoController's AdapterRAM ends at 4 GiB.
 */
export const listDevicesScript = [
  "$ErrorActionPreference = 'SilentlyContinue'",
  '[Console]::OutputEncoding = [Text.Encoding]::UTF8',
  "$root = 'HKLM:\\SYSTEM\\CurrentControlSet'",
  '$gpus = @(Get-CimInstance Win32_VideoController | ForEach-Object {',
  "  $key = Get-ItemProperty -LiteralPath ('{0}\\Enum\\{1}' -f $root, $_.PNPDeviceID)",
  "  $driver = Get-ItemProperty -LiteralPath ('{0}\\Control\\Class\\{1}' -f $root, $key.Driver)",
  "  $size = $driver.'HardwareInformation.qwMemorySize'",
  '  if ($size -is [byte[]]) { $size = [BitConverter]::ToUInt64($size, 0) }',
  '  @{ name = $_.Name; pnp = $_.PNPDeviceID; error = $_.ConfigManagerErrorCode; memory = $size; ram = $_.AdapterRAM',
  '     service = $key.Service; inf = $driver.InfPath; provider = $driver.ProviderName',
  '     match = $driver.MatchingDeviceId; version = $driver.DriverVersion }',
  '})',
  "$npus = @(Get-CimInstance Win32_PnPEntity -Filter 'PNPClass=''ComputeAccelerator''' | ForEach-Object {",
  '  @{ name = $_.Name; pnp = $_.PNPDeviceID; error = $_.ConfigManagerErrorCode; service = $_.Service }',
  '})',
  // Every process sees the bits behind IsProcessorFeaturePresent at this address (KUSER_SHARED_DATA, ntddk.h): reading
  // them takes no time, compiling a call of the function takes half a second.
  '$bits = @(0..63 | Where-Object { [Runtime.InteropServices.Marshal]::ReadByte([IntPtr]0x7FFE0274, $_) -ne 0 })',
  '$cpus = @(Get-CimInstance Win32_Processor -Property NumberOfCores, NumberOfLogicalProcessors)',
  '$cpu = @{ features = $bits',
  '  cores = ($cpus | Measure-Object NumberOfCores -Sum).Sum',
  '  threads = ($cpus | Measure-Object NumberOfLogicalProcessors -Sum).Sum }',
  'ConvertTo-Json -Compress -Depth 3 @{ gpus = $gpus; npus = $npus; cpu = $cpu }',
].join('\n');

/** Undefined when the text is no answer of the script. */
export function parseWindowsDevices(text: string): WindowsDevices | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
  const { gpus, npus } = (answer ?? {}) as Record<string, unknown>;
  if (!Array.isArray(gpus) || !Array.isArray(npus)) return undefined;
  return { gpus: gpus.flatMap(deviceOf), npus: npus.flatMap(deviceOf) };
}

function deviceOf(entry: unknown): readonly WindowsDevice[] {
  const { name, pnp, error, memory, ram, ...rest } = (entry ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string' || typeof pnp !== 'string') return [];
  const own = amount(memory);
  const bytes = own ?? belowItsEnd(amount(ram));
  const source = own === undefined ? 'Win32_VideoController AdapterRAM' : 'HardwareInformation.qwMemorySize';
  return [
    {
      name: name.trim(),
      pnpId: pnp,
      errorCode: typeof error === 'number' ? error : 0,
      ...(bytes !== undefined && { memory: { bytes, source } }),
      ...driverOf(rest),
    },
  ];
}

function driverOf(entry: Readonly<Record<string, unknown>>): { readonly driver?: WindowsDriver } {
  const told = ['service', 'inf', 'provider', 'match', 'version'].flatMap((key) => {
    const value = entry[key];
    return typeof value === 'string' && value.trim() !== '' ? [[key, value.trim()]] : [];
  });
  return told.length === 0 ? {} : { driver: Object.fromEntries(told) as WindowsDriver };
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 && value < 2 ** 48 ? value : undefined;
}

/** AdapterRAM says 4 GiB, or one MiB less, for everything larger. */
function belowItsEnd(bytes: number | undefined): number | undefined {
  return bytes !== undefined && bytes < 2 ** 32 - 2 ** 20 ? bytes : undefined;
}
