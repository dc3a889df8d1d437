import { hash, timingSafeEqual } from 'node:crypto';

/** SHA-256, base64url. */
export function sha256(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'base64url');
}

/** Compares without telling by its time where they differ; false when the lengths differ. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
