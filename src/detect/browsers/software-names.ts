/** Names of adapters that are emulated on the CPU. */
export const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|basic render/i;
