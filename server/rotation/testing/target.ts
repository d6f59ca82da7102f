import type { Target } from '../../keys/iam.ts'

export const target: Target = {
  partition: 'aws',
  region: 'us-east-1',
  regionSource: 'default',
  iam: { endpoint: 'https://iam.amazonaws.com', signingRegion: 'us-east-1', custom: false },
  sts: { endpoint: 'https://sts.us-east-1.amazonaws.com', signingRegion: 'us-east-1', custom: false },
}
