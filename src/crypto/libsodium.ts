/** The library, by a name of its own: in what users install it is a part that only a server loads. */
export { default as loadLibsodium } from 'libsodium';
