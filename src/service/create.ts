import type { ServiceParts } from './parts.ts';
import type { Services } from './services.ts';

/** Wires the use-cases over opened parts. Reads nothing and starts nothing but the loop's factory. */
export function createServices(parts: ServiceParts): Services {
  throw new Error(`to be written: ${parts.version}`);
}
