/** What a client will take (RFC 9110, 12.5): media types and content encodings, by their quality values. */
import { Refusal } from './errors.ts';

/** How a body that is data can be written. */
export type Form = 'json' | 'yaml';
export type Encoding = 'zstd' | 'gzip';

/** One element of `Accept` or `Accept-Encoding`, in lower case. */
interface Wanted {
  readonly name: string;
  /** 0 to 1; 0: not at all. */
  readonly quality: number;
}

const element = /^([^\s;]+)(?:\s*;\s*(.*))?$/;
const qualityPattern = /^q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** Elements that cannot be read are passed over, as the standard wants it of what is not understood. */
function parseWanted(header: string): readonly Wanted[] {
  return header.split(',').flatMap((written) => {
    const [, name, rest] = element.exec(written.trim().toLowerCase()) ?? [];
    if (name === undefined) return [];
    const parameters = rest === undefined ? [] : rest.split(';').map((parameter) => parameter.trim());
    const given = parameters.find((parameter) => /^q\s*=/.test(parameter));
    if (given === undefined) return [{ name, quality: 1 }];
    const [, quality] = qualityPattern.exec(given) ?? [];
    return quality === undefined ? [] : [{ name, quality: Number(quality) }];
  });
}

/** The quality that a type has by its most specific range; 0 if none takes it. */
function qualityOf(type: string, wanted: readonly Wanted[]): number {
  const ranges = [type, `${type.split('/')[0]}/*`, '*/*'];
  for (const range of ranges) {
    const found = wanted.find(({ name }) => name === range);
    if (found !== undefined) return found.quality;
  }
  return 0;
}

const formOf: Readonly<Record<string, Form>> = { 'application/json': 'json', 'application/yaml': 'yaml' };
/** Of each form, the type that is sent. */
export const mediaOf: Readonly<Record<Form, string>> = { json: 'application/json', yaml: 'application/yaml' };

/** Of equals, the one that stands first in `offered`. Throws 406 when the header takes none. */
function chooseMedia(accept: string | undefined, offered: readonly string[]): string {
  const [first = ''] = offered;
  if (accept === undefined || accept.trim() === '') return first;
  const wanted = parseWanted(accept);
  let best = { media: '', quality: 0 };
  for (const media of offered) {
    const quality = qualityOf(media, wanted);
    if (quality > best.quality) best = { media, quality };
  }
  if (best.quality > 0) return best.media;
  throw new Refusal(406, {
    message: `the request takes none of the types that this resource has, expected ${offered.join(' or ')}`,
    hint: 'leave Accept out, or send Accept: */*',
  });
}

/** In which form data is to be sent. Throws 406 when the client takes neither. */
export function chooseForm(accept: string | undefined): Form {
  return formOf[chooseMedia(accept, Object.keys(formOf))] ?? 'json';
}

/** Throws 406 unless the client takes what the resource has only one form of. */
export function checkMedia(accept: string | undefined, media: string): void {
  chooseMedia(accept, [media.split(';')[0] ?? media]);
}

/** Ours, in the order in which they are preferred. */
const encodings: readonly Encoding[] = ['zstd', 'gzip'];

/** `undefined`: as it is. */
export function chooseEncoding(acceptEncoding: string | undefined): Encoding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const wanted = parseWanted(acceptEncoding);
  const quality = (name: string): number | undefined =>
    (wanted.find((one) => one.name === name) ?? wanted.find((one) => one.name === '*'))?.quality;
  let best: { readonly encoding: Encoding | undefined; readonly quality: number } = {
    encoding: undefined,
    quality: wanted.find(({ name }) => name === 'identity')?.quality ?? 0,
  };
  for (const encoding of encodings) {
    const offered = quality(encoding) ?? 0;
    if (offered > best.quality || (offered > 0 && offered === best.quality && best.encoding === undefined)) {
      best = { encoding, quality: offered };
    }
  }
  return best.encoding;
}
