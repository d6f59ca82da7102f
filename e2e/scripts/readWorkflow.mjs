// Prints what GitHub's own parser has against a workflow, as JSON. Run it with `--import tsx`: the parser imports JSON as Node
// alone does not take it.
import { readFileSync } from 'node:fs'
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'

const [, , name] = process.argv
const { context, value } = parseWorkflow(
  { name, content: readFileSync(name, 'utf8') },
  new NoOperationTraceWriter(),
)
const found = context.errors.getErrors()
const template = found.length === 0 ? await convertWorkflowTemplate(context, value) : undefined
process.stdout.write(JSON.stringify([...found, ...(template?.errors ?? [])].map(String)))
