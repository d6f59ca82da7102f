// Asks the loader of the AWS SDK for JavaScript, version 3: see readers.ts for what goes in and out.
import { createInterface } from 'node:readline'
import { loadSharedConfigFiles } from '@smithy/core/config'

const hex = (text) => Buffer.from(text).toString('hex')

for await (const line of createInterface({ input: process.stdin })) {
  const [filepath, configFilepath, names] = line.split('\t')
  const { credentialsFile, configFile } = await loadSharedConfigFiles({
    filepath,
    configFilepath,
    ignoreCache: true,
  })
  const answers = names.split(',').map((word) => {
    const name = Buffer.from(word, 'hex').toString()
    const { aws_access_key_id: id, aws_secret_access_key: secret } = {
      ...own(configFile, name),
      ...own(credentialsFile, name),
    }
    return id && secret ? `${hex(id)}:${hex(secret)}` : '-'
  })
  console.log(answers.join(','))
}

function own(file, name) {
  return Object.hasOwn(file, name) ? file[name] : {}
}
