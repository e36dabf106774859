# One night: read, score, and on the first day of a month look for drift. Stops at the first step that fails.
$ErrorActionPreference = "Stop"
$data = if ($env:SECONDPLAN_DATA) { $env:SECONDPLAN_DATA } else { "C:\secondplan\data" }
$bin = if ($env:SECONDPLAN_BIN) { $env:SECONDPLAN_BIN } else { "C:\secondplan\venv\Scripts" }
if (-not $env:SECONDPLAN_LA_CODE) { throw "set SECONDPLAN_LA_CODE to the three digits of your authority" }
$night = Get-Date -Format "yyyy-MM-dd"
$plans = Join-Path $data "plans\$night"
$scores = Join-Path $data "scores\$night"
New-Item -ItemType Directory -Force -Path "$data\plans", "$data\scores", "$data\drift" | Out-Null

if (-not (Test-Path $plans)) {
    $files = (Get-ChildItem "$data\in\*.xml").FullName
    & "$bin\secondplan.exe" read cin-census @files --la-code $env:SECONDPLAN_LA_CODE --out $plans
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}
& "$bin\secondplan.exe" score --model "$data\model" --input $plans --output $scores --resume
if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }

if ((Get-Date).Day -eq 1) {
    & "$bin\secondplan.exe" monitor $plans $scores --model "$data\model" --json "$data\drift\$night.json"
    if ($LASTEXITCODE -ne 0) { Write-Output "monitor ended with code ${LASTEXITCODE}: see $data\drift\$night.json" }
}
exit 0
