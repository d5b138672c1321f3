import type { ColumnStatistics, RelationStatistics } from './statistics';

/**
 * `CatalogStatistics.version`: a hash over every figure and value, whatever the order of the relations. Written out, because the statistics of a large
 * database are some 20 MB and JSON of them would cost more than reading them.
 */
export function statisticsVersion(relations: ReadonlyMap<string, RelationStatistics>): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  const addText = (text: string): void => {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13);
    }
    addInteger(text.length);
  };
  const addInteger = (value: number): void => {
    a = Math.imul(a ^ value, 0x01000193);
    b = Math.imul(b ^ value, 0x85ebca6b) ^ (b >>> 13);
  };
  const bits = new DataView(new ArrayBuffer(8));
  const addNumber = (value: number): void => {
    bits.setFloat64(0, value);
    addInteger(bits.getInt32(0));
    addInteger(bits.getInt32(4));
  };
  const addNumbers = (values: readonly number[] | undefined): void => {
    addInteger(values === undefined ? -1 : values.length);
    values?.forEach(addNumber);
  };
  const addOptional = (text: string | undefined): void => (text === undefined ? addInteger(-1) : addText(text));
  const addColumn = (column: ColumnStatistics): void => {
    addText(column.column);
    addNumbers([column.inherited ? 1 : 0, column.nullFraction, column.averageWidth, column.distinct]);
    addNumbers(column.correlation === undefined ? undefined : [column.correlation]);
    addOptional(column.mostCommonValues);
    addNumbers(column.mostCommonFrequencies);
    addOptional(column.histogramBounds);
    addOptional(column.mostCommonElements);
    addNumbers(column.mostCommonElementFrequencies);
    addNumbers(column.elementCountHistogram);
  };
  for (const [key, relation] of [...relations].sort(([left], [right]) => (left < right ? -1 : 1))) {
    addText(key);
    addNumbers([relation.pages, relation.tuples, relation.allVisible, relation.filePages]);
    relation.columns.forEach(addColumn);
  }
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
}
