/** Measures some shapes of one format again: `FORMAT WHAT…`. Prints what is steep as JSON. */
import { isFormatName, loadFormat } from '#format/formats';
import { measureGrowth } from './growth.ts';

const [format = '', ...what] = process.argv.slice(2);
if (!isFormatName(format)) throw new Error(`${format} is no format`);
const only = new Set(what);
const { count, steep } = measureGrowth(await loadFormat(format), only);
if (count < only.size) throw new Error(`${count} of ${only.size} shapes are known`);
console.log(JSON.stringify(steep));
