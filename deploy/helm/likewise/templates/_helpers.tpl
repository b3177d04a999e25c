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

{{/* Metadata of the job of bulk work. Its pods are not those of the service. */}}
{{- define "likewise.bulkMetadata" -}}
name: {{ include "likewise.fullname" . }}-bulk
namespace: {{ .Release.Namespace }}
labels:
  {{- include "likewise.bulkLabels" . | nindent 2 }}
{{- end }}

{{- define "likewise.bulkLabels" -}}
app.kubernetes.io/name: {{ include "likewise.name" . }}-bulk
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* The arguments of `python -m bulk`, as a list in YAML. */}}
{{- define "likewise.bulkArguments" -}}
{{- with .Values.bulk -}}
{{- $cluster := ternary (list "--ray" "auto" "--workers" (toString .ray.workers)) (list) (gt (int .ray.workers) 0) -}}
{{- toYaml (concat (list "embed") .source (list "--model" .model "--to" .to) $cluster .arguments) -}}
{{- end -}}
{{- end }}

{{/* A pod of bulk work: of a Job, or of a Ray cluster, whose command is KubeRay's. */}}
{{- define "likewise.bulkPod" -}}
{{- with .root.Values.bulk -}}
metadata:
  labels:
    {{- include "likewise.bulkLabels" $.root | nindent 4 }}
spec:
  {{- if $.command }}
  restartPolicy: Never
  {{- end }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  {{- with $.root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ $.name }}
      image: {{ .image | quote }}
      imagePullPolicy: {{ $.root.Values.image.pullPolicy }}
      {{- if $.command }}
      command: [python, -m, bulk]
      args:
        {{- include "likewise.bulkArguments" $.root | nindent 8 }}
      {{- end }}
      env:
        # The root file system is read-only.
        - {name: HOME, value: /tmp}
        {{- with .extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        {{- if .volume }}
        - {name: data, mountPath: /data}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    {{- with .volume }}
    - name: data
      {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- with $.root.Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $.root.Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end }}
