import type { Device } from '../machine/machine.js';

/** `gpu0 (NVIDIA A10)`, or the id alone where the model is not known. */
export function deviceName({ id, model }: Pick<Device, 'id' | 'model'>): string {
  return model === undefined ? id : `${id} (${model})`;
}
