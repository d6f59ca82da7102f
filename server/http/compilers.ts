import ajvCompiler from '@fastify/ajv-compiler'
import serializerCompiler from '@fastify/fast-json-stringify-compiler'
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify'

export type Compilers = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

const validators = ajvCompiler()
const serializers = serializerCompiler()

/** Ajv's own functions tell what they found in `errors`; these return it, as Fastify allows. */
const buildValidator = (
  shared: Parameters<typeof validators>[0],
  options: Parameters<typeof validators>[1],
): FastifySchemaCompiler<object> => {
  const compiler = once(() => validators(shared, options))
  return (route) => {
    const compiled = once(() => compiler()(route))
    return (data) => {
      const validate = compiled()
      return validate(data) ? true : { error: validate.errors ?? [] }
    }
  }
}

const buildSerializer: Compilers['buildSerializer'] = (shared, options) => {
  const compiler = once(() => serializers(shared, options))
  return (route) => {
    const compiled = once(() => compiler()(route))
    return (data) => compiled()(data)
  }
}

/**
 * Fastify's own compilers of schemas, but each schema is compiled when it is first used. Compiling them all took longer than the
 * rest of the start together, and a page uses a few. `compilers.test.ts` compiles them all.
 */
export const lazyCompilers = { buildValidator, buildSerializer } as Compilers

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
