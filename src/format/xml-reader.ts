import { SaxesParser } from 'saxes';
import { startOfLine } from './edit.ts';
import { behind } from './line-format.ts';
import type { Item, Read } from './reading.ts';
import { Reading } from './reading.ts';

/** An `<entry>`; its span is what stands between the tags. */
export interface XmlItem extends Item {
  /** `<entry key="…"/>`: the span is the `/>`. */
  readonly empty: boolean;
}

/** Where new entries go: in front of the end of the root, or in the place of its `/>`. */
export interface Root {
  readonly start: number;
  readonly end: number;
  readonly empty: boolean;
}

/** The one document type that such a file may name. It is never fetched, and what is in it is known. */
export const doctype = 'properties SYSTEM "http://java.sun.com/dtd/properties.dtd"';

/** A mistake in the grammar ends the reading: nothing behind it has a meaning. */
class Broken extends Error {}

interface Open {
  readonly name: string;
  readonly start: number;
  readonly contentAt: number;
  /** Of its attribute `key`. */
  readonly entryName: string | undefined;
  readonly empty: boolean;
  nested: boolean;
  readonly text: string[];
}

interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly isSelfClosing: boolean;
}

/** One pass over one text. Entities are the five of XML and characters by number: nothing is ever resolved. */
export class XmlReader {
  readonly #text: string;
  readonly #reading: Reading<XmlItem>;
  readonly #parser = new SaxesParser({ xmlns: false });
  readonly #open: Open[] = [];
  #tagAt = 0;
  root: Root | undefined;

  constructor(text: string, subject: string) {
    this.#text = text;
    this.#reading = new Reading(text, subject);
  }

  read(): Read<XmlItem> {
    const parser = this.#parser;
    parser.on('error', (error) => {
      this.#reading.report(this.#here(), `not well-formed XML: ${reasonOf(error.message)}`);
      throw new Broken();
    });
    parser.on('xmldecl', ({ version, encoding }) => this.#declared(version, encoding));
    parser.on('doctype', (found) => this.#documentType(found));
    parser.on('opentagstart', ({ name }) => (this.#tagAt = this.#text.lastIndexOf('<', parser.position - name.length)));
    parser.on('opentag', (tag) => this.#opened(tag));
    parser.on('closetag', () => this.#closed());
    parser.on('text', (text) => this.#characters(text));
    parser.on('cdata', (text) => this.#characters(text));
    try {
      if (!/^\uFEFF?\s*$/.test(this.#text)) parser.write(this.#text).close();
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
    }
    return this.#reading.finish();
  }

  #here(): number {
    return Math.max(Math.min(this.#parser.position, this.#text.length) - 1, 0);
  }

  #declared(version: string | undefined, encoding: string | undefined): void {
    if (version !== '1.0') this.#reading.report(0, 'expected XML 1.0');
    if (encoding !== undefined && !/^(utf-8|us-ascii)$/i.test(encoding)) {
      this.#reading.report(0, 'the file says that it is not UTF-8, and it is read as UTF-8');
    }
  }

  #documentType(found: string): void {
    if (found.trim().replace(/\s+/g, ' ').replaceAll("'", '"') === doctype) return;
    const at = this.#text.lastIndexOf('<!DOCTYPE', this.#here());
    this.#reading.report(at, `a document type is refused, but for <!DOCTYPE ${doctype}>`);
  }

  #opened({ name, attributes, isSelfClosing }: Tag): void {
    const depth = this.#open.length;
    const entryName = attributes.key;
    const contentAt = this.#parser.position - (isSelfClosing ? 2 : 0);
    const open: Open = {
      name,
      start: this.#tagAt,
      contentAt,
      entryName,
      empty: isSelfClosing,
      nested: false,
      text: [],
    };
    const expected = depth === 0 ? /^properties$/ : /^(entry|comment)$/;
    if (depth > 1) this.#nest();
    else if (!expected.test(name))
      this.#reading.report(open.start, `expected <${depth === 0 ? 'properties' : 'entry'}>`);
    else this.#checkAttributes(name, attributes, open.start);
    this.#open.push(open);
  }

  /** Only text may stand in an entry; that is said once of each. */
  #nest(): void {
    const entry = this.#open[1];
    if (entry === undefined || entry.nested) return;
    entry.nested = true;
    this.#reading.report(this.#tagAt, `<${entry.name}> holds text only`);
  }

  #checkAttributes(name: string, attributes: Tag['attributes'], at: number): void {
    const known = name === 'entry' ? 'key' : 'version';
    if (name === 'entry' && !attributes.key) this.#reading.report(at, 'expected an attribute key with a name');
    if (Object.keys(attributes).some((attribute) => attribute !== known || name === 'comment')) {
      this.#reading.report(at, `<${name}> has an attribute that such files do not know`);
    }
  }

  #closed(): void {
    const open = this.#open.pop();
    if (open === undefined) return;
    const end = this.#parser.position;
    const close = open.empty ? open.contentAt : this.#text.lastIndexOf('</', end - 1);
    const span = { start: open.contentAt, end: open.empty ? end : close };
    if (this.#open.length === 0 && open.name === 'properties') {
      this.root = open.empty ? { ...span, empty: true } : { start: close, end: close, empty: false };
    }
    if (this.#open.length !== 1 || open.name !== 'entry' || !open.entryName) return;
    const value = open.nested ? null : open.text.join('');
    const lines = this.#linesOf(open.start, end);
    this.#reading.add({ name: open.entryName, value, nameAt: open.start, ...span, ...lines, empty: open.empty });
  }

  /** Whole lines where nothing else stands on them. */
  #linesOf(start: number, end: number): { lineStart: number; lineEnd: number } {
    const lineStart = startOfLine(this.#text, start);
    const lineEnd = behind(restOfLine, this.#text, end);
    return lineStart === undefined || lineEnd === end ? { lineStart: start, lineEnd: end } : { lineStart, lineEnd };
  }

  #characters(text: string): void {
    const [, entry] = this.#open;
    if (this.#open.length === 2 && entry !== undefined) entry.text.push(text);
    else if (this.#open.length === 1 && /\S/.test(text)) {
      this.#reading.report(this.#here(), 'text outside an <entry>');
    }
  }
}

/** Nothing but blanks, and the end of the line. */
const restOfLine = /[ \t\r]*(?:\n|$)/y;

/** Without the place, which we say ourselves, and without what stands in the file. */
function reasonOf(message: string): string {
  return message
    .replace(/^\d+:\d+: /, '')
    .replace(/: .*$/s, '')
    .replace(/\.$/, '');
}
