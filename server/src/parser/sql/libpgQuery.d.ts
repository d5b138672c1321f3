/** The part of libpg-query's Emscripten factory that is used; the package declares no types for it. */
declare module 'libpg-query/wasm/libpg-query.js' {
  namespace createModule {
    interface PgQueryModule {
      _malloc(size: number): number;
      _free(pointer: number): void;
      _wasm_parse_query_raw(query: number): number;
      _wasm_free_parse_result(result: number): void;
      _wasm_fingerprint(query: number): number;
      _wasm_free_string(text: number): void;
      getValue(pointer: number, type: 'i32'): number;
      UTF8ToString(pointer: number): string;
      stringToUTF8(text: string, pointer: number, size: number): void;
      lengthBytesUTF8(text: string): number;
    }
  }
  function createModule(options: {
    instantiateWasm: (imports: object, receive: (instance: object) => void) => object;
    print: (line: string) => void;
    printErr: (line: string) => void;
  }): Promise<createModule.PgQueryModule>;
  export = createModule;
}
