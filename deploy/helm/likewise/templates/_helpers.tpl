{{- define "likewise.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "likewise.fullname" -}}
{{- $name := include "likewise.name" . -}}
{{- $both := printf "%s-%s" .Release.Name $name -}}
{{- $full := ternary .Release.Name $both (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "likewise.selector" -}}
app.kubernetes.io/name: {{ include "likewise.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "likewise.labels" -}}
{{ include "likewise.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" | trunc 54 }}
{{- end }}

{{- define "likewise.metadata" -}}
name: {{ include "likewise.fullname" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "likewise.labels" . | nindent 2 }}
{{- end }}

{{- define "likewise.serviceAccount" -}}
{{- $own := ternary (include "likewise.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $own .Values.serviceAccount.name -}}
{{- end }}

{{- define "likewise.image" -}}
{{- with .Values.image -}}
{{- .repository -}}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end -}}
{{- end -}}
{{- end }}

{{/* A value as text: Helm reads 64000000 as a float and would write 6.4e+07. */}}
{{- define "likewise.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) }}{{ printf "%.0f" . }}{{ else }}{{ . }}{{ end -}}
{{- end }}

{{/* Drain delay, drain timeout, the 5 s after them, and a margin. Defaults are the service's:
     0 and 15. */}}
{{- define "likewise.gracePeriod" -}}
{{- $delay := .Values.settings.LIKEWISE_DRAIN_DELAY_S -}}
{{- $timeout := .Values.settings.LIKEWISE_DRAIN_TIMEOUT_S -}}
{{- $delay = ternary 0 $delay (kindIs "invalid" $delay) -}}
{{- $timeout = ternary 15 $timeout (kindIs "invalid" $timeout) -}}
{{- printf "%.0f" (addf (float64 $delay) (float64 $timeout) 20 | ceil) -}}
{{- end }}

{{/* The Secret that holds the keys file, or nothing. */}}
{{- define "likewise.keysSecret" -}}
{{- with .Values.apiKeys -}}
{{- if and .lines .existingSecret -}}
{{- fail "apiKeys: give lines or existingSecret, not both" -}}
{{- end -}}
{{- if .lines }}{{ include "likewise.fullname" $ }}-keys{{ else }}{{ .existingSecret }}{{ end -}}
{{- end -}}
{{- end }}

{{/* The source of the volume with the models, as YAML, or nothing. */}}
{{- define "likewise.modelsVolume" -}}
{{- with .Values.models -}}
{{- if and .volume .existingClaim -}}
{{- fail "models: give existingClaim or volume, not both" -}}
{{- end -}}
{{- if .existingClaim -}}
persistentVolumeClaim:
  claimName: {{ .existingClaim }}
{{- else if .volume -}}
{{- toYaml .volume -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The environment variables as YAML; their values are strings. */}}
{{- define "likewise.environment" -}}
{{- range $name, $value := .Values.settings }}
{{- if not (kindIs "invalid" $value) }}
{{ $name }}: {{ include "likewise.text" $value | quote }}
{{- end }}
{{- end }}
LIKEWISE_PORT: "8000"
{{- if include "likewise.keysSecret" . }}
LIKEWISE_API_KEYS_FILE: {{ printf "/etc/likewise/keys/%s" .Values.apiKeys.secretKey }}
{{- end }}
{{- if include "likewise.modelsVolume" . }}
LIKEWISE_MODELS_DIR: {{ printf "/models/%s" .Values.models.folder | trimSuffix "/" }}
LIKEWISE_WATCH_MODELS: {{ include "likewise.text" .Values.models.watchSeconds | quote }}
{{- end }}
{{- end }}

{{/* The port of LIKEWISE_OTLP_ENDPOINT. */}}
{{- define "likewise.collectorPort" -}}
{{- $url := urlParse .Values.settings.LIKEWISE_OTLP_ENDPOINT -}}
{{- $usual := ternary "443" "80" (eq $url.scheme "https") -}}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default $usual -}}
{{- end }}
