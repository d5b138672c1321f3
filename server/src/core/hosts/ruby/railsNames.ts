/** How Rails names a model's class after an association. */
export const camel = (name: string): string => name.split('_').map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('');

const noPlural = /(?:status|virus|campus|bonus|corpus|census|focus|bus|analysis|basis|crisis|canvas|alias|atlas|news|series|species)$/;

/** `companies` → `company`; a word that is no plural stays as it is. */
export const singular = (name: string): string =>
  noPlural.test(name) ? name : name.replace(/ies$/, 'y').replace(/(ss|x|ch|sh|us)es$/, '$1').replace(/([^s])s$/, '$1').replace(/people$/, 'person').replace(/children$/, 'child');
