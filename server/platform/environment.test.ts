import { expect, it } from 'vitest'
import { takeEnvironment } from './environment.ts'
import { onPlatform } from './testing/windows.ts'

const given = () => ({
  Path: 'C:\\Windows',
  aws_shared_credentials_file: 'C:\\k',
  aws_Secret_access_key: 'secret',
  Aws_Session_Token: 'token',
  AWS_SECURITY_TOKEN: 'token',
})

it('reads names without their case on Windows, and takes secrets by any of them', async () => {
  const environment = given()
  const taken = await onPlatform('win32', async () => takeEnvironment(environment))
  expect(taken).toEqual({
    PATH: 'C:\\Windows',
    AWS_SHARED_CREDENTIALS_FILE: 'C:\\k',
    AWS_SECRET_ACCESS_KEY: '',
    AWS_SESSION_TOKEN: '',
    AWS_SECURITY_TOKEN: '',
  })
  expect(environment).toEqual({ Path: 'C:\\Windows', aws_shared_credentials_file: 'C:\\k' })
})

it('reads them as they are written elsewhere', () => {
  const environment = given()
  expect(takeEnvironment(environment)).toEqual({ ...given(), AWS_SECURITY_TOKEN: '' })
  expect(environment).toMatchObject({ aws_Secret_access_key: 'secret' })
})
