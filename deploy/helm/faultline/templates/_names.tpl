{{- define "faultline.labels" -}}
app.kubernetes.io/name: faultline
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "faultline.selector" -}}
app.kubernetes.io/name: faultline
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "faultline.fullname" -}}
{{- if contains "faultline" .root.Release.Name -}}
{{- printf "%s-%s" .root.Release.Name .component | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{- printf "%s-faultline-%s" .root.Release.Name .component | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "faultline.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* Sections of a configuration as a map, so that those of the values can be laid over it. */}}
{{- define "faultline.kafka" -}}
{{- $kafka := dict "bootstrap" .Values.kafka.bootstrap "topic_prefix" .Values.kafka.topicPrefix -}}
{{- with .Values.kafka.properties }}{{- $_ := set $kafka "properties" . }}{{- end -}}
{{- toYaml $kafka }}
{{- end }}

{{- define "faultline.agentConfig" -}}
{{- $config := dict
  "source" (dict "detail" .Values.agent.detail)
  "journal" (dict "dir" "/var/lib/faultline/journal" "size" .Values.agent.journalSize)
  "state" (dict "dir" "/var/lib/faultline/state")
  "web" (dict "listen" (printf "127.0.0.1:%v" .Values.agent.port)) -}}
{{- if .Values.kafka.bootstrap }}{{- $_ := set $config "kafka" (include "faultline.kafka" . | fromYaml) }}{{- end -}}
{{- toYaml (mergeOverwrite $config (deepCopy .Values.agent.config)) }}
{{- end }}

{{- define "faultline.collectorConfig" -}}
{{- $config := dict
  "kafka" (include "faultline.kafka" . | fromYaml)
  "collector" (dict
    "state_dir" "/var/lib/faultline/collector"
    "standbys" .Values.collector.standbys
    "listen" (printf "0.0.0.0:%v" .Values.collector.port)) -}}
{{- toYaml (mergeOverwrite $config (deepCopy .Values.collector.config)) }}
{{- end }}
