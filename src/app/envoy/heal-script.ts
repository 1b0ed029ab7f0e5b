import { markerHeader } from './heal-headers.ts';

/**
 * The Lua filter behind the check. It runs for a request only when the check let it through, and marks the answers of
 * the workload that the edge shall have sent again. `WWW-Authenticate` is read as RFC 9110 §11.6.1 says: a list of
 * challenges whose values may hold commas and quotes; what is not well-formed counts for nothing.
 */
export const healScript = `-- The challenges of one value of WWW-Authenticate; none when it is malformed.
local token = "^[%w!#$%%&'*+%-.^_\`|~]+"
local token68 = "^[%w%-._~+/]+=*"

local function challenges(value)
  local found, at = {}, 1

  local function take(pattern)
    local _, last = value:find(pattern, at)
    if last == nil then return nil end
    local text = value:sub(at, last)
    at = last + 1
    return text
  end

  local function take_quoted()
    local parts = {}
    take('^"')
    while true do
      parts[#parts + 1] = take('^[^"\\\\]+')
      if take('^"') then return table.concat(parts) end
      if not take("^\\\\") or at > #value then return nil end
      parts[#parts + 1] = take("^.")
    end
  end

  while true do
    take("^[ \\t,]+")
    if at > #value then return found end
    local name = take(token)
    if name == nil then return {} end
    local current = found[#found]
    if current ~= nil and take("^[ \\t]*=[ \\t]*") then
      local text
      if value:sub(at, at) == '"' then text = take_quoted() else text = take(token) end
      name = name:lower()
      if text == nil or current.params[name] ~= nil or (at <= #value and not value:find("^[ \\t,]", at)) then
        return {}
      end
      current.params[name] = text
    else
      found[#found + 1] = { scheme = name:lower(), params = {} }
      local start = take("^[ \\t]+") and at
      -- A token68 stands alone; what looks like one and goes on is a parameter.
      if start and take(token68) and at <= #value and not value:find("^[ \\t]*,", at) then at = start end
    end
  end
end

local function refuses_token(headers, when)
  if when == "any" then return true end
  for index = 0, headers:getNumValues("www-authenticate") - 1 do
    for _, challenge in ipairs(challenges(headers:getAtIndex("www-authenticate", index))) do
      local name, text = "error", "invalid_token"
      if type(when) == "table" then name, text = "error_description", when.error_description end
      if challenge.scheme == "bearer" and challenge.params[name] == text then return true end
    end
  end
  return false
end

local function is_401(headers)
  local status = headers:get(":status")
  if status == "401" then return true end
  -- gRPC without a message: the status comes with the headers, UNAUTHENTICATED is 16.
  return status == "200" and headers:get("grpc-status") == "16"
end

function envoy_on_request(handle)
  handle:streamInfo():dynamicMetadata():set("sallyport", "let_through", true)
end

function envoy_on_response(handle)
  local headers = handle:headers()
  headers:remove("${markerHeader}")
  if not is_401(headers) then return end
  local own = handle:streamInfo():dynamicMetadata():get("sallyport")
  if own == nil or not own["let_through"] then return end
  if refuses_token(headers, handle:metadata():get("when")) then headers:add("${markerHeader}", "1") end
end
`;
