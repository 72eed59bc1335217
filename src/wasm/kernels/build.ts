/**
 * Whether this build is the one for engines that join pairs of 128-bit operations into 256-bit ones (V8's revectorisation):
 * its register tile is twice as wide. scripts/build-kernels.mjs says true here for the turbo modules.
 */
export const TURBO: bool = false;
