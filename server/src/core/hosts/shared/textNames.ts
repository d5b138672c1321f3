const words = /sql|quer(y|ies)|(?<!con)text|statement|stmt/i;
const constant = /^(?:[\w$]+\.)*_?[A-Z][A-Z0-9_]+$/;

/** May an expression of this name hold SQL text? By the words of such names, and every constant. Cheap: decides whether anybody looks closer. */
export const isTextName = (name: string): boolean => words.test(name) || constant.test(name);
