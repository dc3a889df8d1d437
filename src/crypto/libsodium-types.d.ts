/** What Plumb calls of libsodium (https://doc.libsodium.org), compiled to WebAssembly; the package brings no types. */
declare module 'libsodium' {
  /** Addresses and lengths are in bytes of {@link Libsodium.HEAPU8}. */
  export interface Libsodium {
    /** All memory of the library. Another array once it has grown. */
    readonly HEAPU8: Uint8Array;
    _sodium_init(): number;
    /** 0 if there is no room. */
    _malloc(length: number): number;
    _free(at: number): void;
    /** RFC 8439 with the nonce of 24 bytes of draft-irtf-cfrg-xchacha. 64-bit lengths come as two halves. Not 0: refused. */
    _crypto_aead_xchacha20poly1305_ietf_encrypt(
      ...args: [
        out: number,
        outLengthAt: number,
        plain: number,
        plainLength: number,
        plainLengthHigh: number,
        bound: number,
        boundLength: number,
        boundLengthHigh: number,
        secretNonce: number,
        nonce: number,
        key: number,
      ]
    ): number;
    _crypto_aead_xchacha20poly1305_ietf_decrypt(
      ...args: [
        out: number,
        outLengthAt: number,
        secretNonce: number,
        sealed: number,
        sealedLength: number,
        sealedLengthHigh: number,
        bound: number,
        boundLength: number,
        boundLengthHigh: number,
        nonce: number,
        key: number,
      ]
    ): number;
  }
  /** `getRandomValue`: 32 random bits. */
  export default function load(options: { readonly getRandomValue: () => number }): Promise<Libsodium>;
}
