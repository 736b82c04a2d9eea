-- Formats JavaScript and TypeScript when Neovim saves them. Needs no plugin: `dofile` it in `init.lua`.
-- A text that can not be formatted stays as it is.

local function format(buffer)
  if vim.fn.executable('format') == 0 then
    vim.notify('there is no command "format": run "solod install prettier.mjs --as format"', vim.log.levels.WARN)
    return
  end
  local name = vim.api.nvim_buf_get_name(buffer)
  local before = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  local after, errors = {}, {}
  local job = vim.fn.jobstart({ 'format', '--stdin-filepath', name }, {
    stdout_buffered = true,
    stderr_buffered = true,
    on_stdout = function(_, lines) after = lines end,
    on_stderr = function(_, lines) errors = lines end,
  })
  vim.fn.chansend(job, table.concat(before, '\n') .. '\n')
  vim.fn.chanclose(job, 'stdin')
  local code = vim.fn.jobwait({ job }, 2000)[1]
  if code ~= 0 then
    if code == -1 then vim.fn.jobstop(job) end
    vim.notify(code == -1 and 'format took too long' or table.concat(errors, '\n'), vim.log.levels.WARN)
    return
  end
  table.remove(after)
  if not vim.deep_equal(before, after) then vim.api.nvim_buf_set_lines(buffer, 0, -1, false, after) end
end

vim.api.nvim_create_autocmd('BufWritePre', {
  pattern = { '*.js', '*.mjs', '*.cjs', '*.jsx', '*.ts', '*.tsx' },
  callback = function(event) format(event.buf) end,
})
