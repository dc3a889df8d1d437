/** Measures some shapes of one format again: `FORMAT WHAT…`. Prints what is steep as JSON. */
import { isFormatName, loadFormat } from '#format/formats';
import { measureGrowth } from './growth.ts';

const [format = '', ...what] = process.argv.slice(2);
if (!isFormatName(format)) throw new Error(`${format} is no format`);
console.log(JSON.stringify(measureGrowth(await loadFormat(format), new Set(what)).steep));
